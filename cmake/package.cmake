# `cmake --build --preset release --target deb` leaves mailfrom_VERSION_ARCHITECTURE.deb in the build
# folder; dpkg-shlibdeps finds what it depends on. Two packages of the same source are equal to the bit
# (released.cmake): CPack takes modes from the umask, so the target sets it.
configure_file(packaging/debian/changelog.in ${CMAKE_BINARY_DIR}/changelog.Debian @ONLY)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/changelog.Debian.gz
  COMMAND gzip -9nkf changelog.Debian DEPENDS ${CMAKE_BINARY_DIR}/changelog.Debian
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Compressing the changelog" VERBATIM)
add_custom_target(changelog ALL DEPENDS ${CMAKE_BINARY_DIR}/changelog.Debian.gz)
install(FILES ${CMAKE_BINARY_DIR}/changelog.Debian.gz packaging/debian/copyright
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mailfrom)
set(CPACK_PACKAGE_CONTACT "The mailfrom maintainers <maintainers@mailfrom.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates) # or --ca-bundle
set(CPACK_DEBIAN_PACKAGE_SUGGESTS postgresql)        # for a journal that workers share, here or elsewhere
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "moves fleets of Amazon SES identities to custom MAIL FROM domains")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Mail sent through Amazon SES carries a return address of amazonses.com until
its identity has a custom MAIL FROM domain; without one, SPF never aligns with
the domain of the sender. mailfrom sets it for whole fleets of identities over
many AWS accounts and Regions, and undoes it.

A YAML manifest says what is wanted. A plan shows what would change; a run
waits for DNS records that others publish, survives being killed at any
instant, and ends with a report that has one row for each identity.

The package also has ses-sim, a stand-in for SES, Route 53 and Cloudflare on
loopback to rehearse with.")

# One package of all components but the licence, which is /usr/share/common-licenses/Apache-2.0.
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_COMPONENTS_ALL Unspecified debian)
file(WRITE ${CMAKE_BINARY_DIR}/cpack_date.cmake "set(ENV{SOURCE_DATE_EPOCH} ${MAILFROM_RELEASED})\n")
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/cpack_date.cmake)
include(CPack)

add_custom_target(deb COMMAND sh -c "umask 022 && cpack" WORKING_DIRECTORY ${CMAKE_BINARY_DIR} VERBATIM)
add_dependencies(deb mailfrom ses-sim manuals_and_completions changelog)
