"""A broker with TLS, passwords and ACLs, like a company's cluster."""

import socket
import subprocess

import confluent_kafka.admin
import pytest

from scripts import stack
from tests.support.events import line
from tests.support.kafka import KafkaShop

PASSWORD = "correct-horse"


class SecureKafka(stack.Kafka):
    """Clients connect by TLS and SASL/PLAIN. `admin` may do everything, `reader` only what an ACL allows."""

    def __init__(self, folder, port):
        keys = folder / "keys"
        keys.mkdir()
        store = keys / "broker.p12"
        keytool(
            "-genkeypair",
            "-alias",
            "broker",
            "-keyalg",
            "RSA",
            "-validity",
            "2",
            "-storetype",
            "PKCS12",
            "-keystore",
            store,
            "-dname",
            "CN=localhost",
            "-ext",
            "SAN=ip:127.0.0.1",
        )
        self.certificate = keys / "broker.pem"
        keytool("-exportcert", "-rfc", "-alias", "broker", "-keystore", store, "-file", self.certificate)
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        super().__init__(
            folder,
            port,
            properties={
                "listener.security.protocol.map": "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms": "PLAIN",
                "sasl.mechanism.inter.broker.protocol": "PLAIN",
                "inter.broker.listener.name": "PLAINTEXT",
                "listener.name.plaintext.plain.sasl.jaas.config": f'{plain} username="admin" password="{PASSWORD}" '
                f'user_admin="{PASSWORD}" user_reader="{PASSWORD}";',
                "ssl.keystore.location": store,
                "ssl.keystore.password": PASSWORD,
                "ssl.keystore.type": "PKCS12",
                "ssl.truststore.location": store,
                "ssl.truststore.password": PASSWORD,
                "ssl.truststore.type": "PKCS12",
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:admin;User:ANONYMOUS",
                "log.retention.ms": -1,
            },
        )

    def client(self, user="admin", password=PASSWORD):
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": user,
            "sasl.password": password,
            "ssl.ca.location": str(self.certificate),
        }

    def healthy(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except OSError:
            return False


def keytool(*args):
    subprocess.run(
        [
            "keytool",
            *map(str, args),
            "-storepass",
            PASSWORD,
            *(["-keypass", PASSWORD] if "-genkeypair" in args else []),
        ],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    broker = SecureKafka(tmp_path_factory.mktemp("secure"), stack.free_port()).start()
    yield broker
    broker.stop()


@pytest.fixture
def shop_of(tmp_path, secure):
    """Makes a shop whose Kafka client has these properties."""

    def make(properties):
        shop = KafkaShop(tmp_path / "data", secure)
        shop.options = [word for name, value in properties.items() for word in ("--kafka", f"{name}={value}")]
        return shop

    return make


def test_tls_and_sasl_work_for_every_part(secure, shop_of):
    shop = shop_of(secure.client())
    shop.run("topic", "create", "--partitions", "2")
    out = shop.run("run", "--rate", "300", "--duration", "3s", "--trigger", "500ms")
    assert "verified: every record is accounted for" in out
    shop.run("archive", "--available-now")
    assert shop.count("archive") == 900
    shop.verify()


def test_the_properties_may_stand_in_the_file(secure, shop_of, tmp_path):
    shop = shop_of(secure.client())
    shop.run("topic", "create", "--partitions", "1")
    shop.write(line(1))
    properties = ", ".join(f'"{name}={value}"' for name, value in secure.client().items())
    (tmp_path / "millrace.toml").write_text(f"kafka = [{properties}]\n")
    shop.options = ["--config", str(tmp_path / "millrace.toml")]
    shop.drain()
    assert shop.count("silver") == 1


@pytest.mark.parametrize(
    "wrong, expected",
    [
        ({"sasl.password": "wrong-staple"}, "sasl"),
        ({"ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt"}, "ssl"),
        ({"security.protocol": "PLAINTEXT"}, "security.protocol"),
    ],
)
def test_a_client_that_is_not_let_in_is_told_why_in_one_line_without_its_secrets(secure, shop_of, wrong, expected):
    shop = shop_of({**secure.client(), **wrong})
    shop.run("topic", "list", code=3, timeout=90)
    (error,) = [row for row in shop.stderr.splitlines() if row.startswith("millrace:")]
    assert expected in error.lower(), shop.stderr
    assert PASSWORD not in shop.stderr and "wrong-staple" not in shop.stderr


def test_a_user_without_the_permission_is_told_so(secure, shop_of):
    shop = shop_of(secure.client())
    shop.run("topic", "create", "--partitions", "1")
    shop.write(line(1))
    limited = shop_of(secure.client("reader"))
    limited.topic = shop.topic
    for command in (["silver", "--available-now"], ["topic", "read"], ["topic", "delete"]):
        limited.run(*command, code=3, timeout=90)
        assert "an ACL" in limited.stderr, limited.stderr
    admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": secure.address, **secure.client()})
    allowed = [
        confluent_kafka.admin.AclBinding(
            confluent_kafka.admin.ResourceType.TOPIC,
            shop.topic,
            confluent_kafka.admin.ResourcePatternType.LITERAL,
            "User:reader",
            "*",
            operation,
            confluent_kafka.admin.AclPermissionType.ALLOW,
        )
        for operation in (confluent_kafka.admin.AclOperation.READ, confluent_kafka.admin.AclOperation.DESCRIBE)
    ]
    for done in admin.create_acls(allowed).values():
        done.result()
    limited.drain()
    assert limited.count("silver") == 1
    limited.run("topic", "write", code=3, input=b"x\n", timeout=90)
    assert "an ACL" in limited.stderr
