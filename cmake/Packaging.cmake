# What is installed where, and the Debian package of it:
#   cpack --config build/release/CPackConfig.cmake -B build/packages

install(TARGETS budget RUNTIME DESTINATION bin)
install(FILES configs/budget.yaml DESTINATION /etc/budget)
install(FILES packaging/budget.service DESTINATION lib/systemd/system)
install(FILES configs/demo.yaml configs/redis.yaml configs/tekton.yaml
  DESTINATION share/doc/budget/examples)
install(FILES README.md CHANGELOG.md docs/configuration.md docs/operations.md docs/metrics.md
  docs/api.md DESTINATION share/doc/budget)
install(FILES LICENSE DESTINATION share/doc/budget RENAME copyright)

set(CPACK_GENERATOR DEB)
# Without it /etc would be the machine's own.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME budget)
set(CPACK_PACKAGE_CONTACT "The Budget authors <budget@example.com>")
set(CPACK_PACKAGE_VENDOR "The Budget authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "proxy that holds calls to language models to their budgets")
set(CPACK_PACKAGE_DESCRIPTION
  "Stands between clients and providers of language models, counts what each
call costs, and refuses or shrinks those that no longer fit their budgets,
before the money is spent.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata")
# What an administrator changed is kept at an upgrade.
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_SOURCE_DIR}/packaging/debian/conffiles")
include(CPack)
