# `make package` creates a Debian package in build/packages, with the files that cmake/Install.cmake installs.
set(MILLRACE_MAINTAINER "Millrace developers <developers@millrace.example>" CACHE STRING
    "Maintainer of the Debian package: a name and an e-mail address")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME millrace)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "clickstream pipeline with a Delta Lake table and a dashboard")
set(CPACK_PACKAGE_DESCRIPTION "Millrace takes a shop's views, carts and purchases over HTTP, from files
or from Kafka. It checks each event, drops duplicates and commits the rest
to a Delta Lake table, from which it computes key figures, sessions,
funnels and alerts, and shows them.
.
The program needs a processor with AVX2.")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_STRIP_FILES ON)
# The systemd unit contains the prefix, so the files are staged below DESTDIR.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                                                WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${MILLRACE_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${MILLRACE_PYARROW})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
# Adds the files that only the package has, such as its changelog and /etc/millrace.
configure_file(${PROJECT_SOURCE_DIR}/cmake/PackageScript.cmake.in ${PROJECT_BINARY_DIR}/PackageScript.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_BINARY_DIR}/PackageScript.cmake)

include(CPack)
