# What `cmake --install` puts where (FHS, by GNUInstallDirs): programs, manuals, completions, documents.
include(GNUInstallDirs)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS # whatever the umask
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

install(TARGETS mailfrom ses-sim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Manuals, where scdoc is: their options and keys come from the programs and from the schema.
find_program(SCDOC scdoc)
find_program(PYTHON3 python3)
set(manuals "")
function(mailfrom_manual page)
  set(out ${CMAKE_BINARY_DIR}/man/${page}.gz)
  string(REGEX REPLACE ".*\\." "" section ${page})
  string(JOIN " " arguments ${ARGN})
  add_custom_command(OUTPUT ${out}
    COMMAND sh -c "set -e; ${PYTHON3} ${CMAKE_SOURCE_DIR}/tools/manual \
${CMAKE_SOURCE_DIR}/docs/man/${page}.scd ${arguments} >man/${page}.scd; \
SOURCE_DATE_EPOCH=${MAILFROM_RELEASED} ${SCDOC} <man/${page}.scd >man/${page}; gzip -9nkf man/${page}"
    DEPENDS docs/man/${page}.scd tools/manual docs/manifest.schema.json mailfrom ses-sim
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Writing the manual ${page}" VERBATIM)
  install(FILES ${out} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  set(manuals ${manuals} ${out} PARENT_SCOPE)
endfunction()
if(SCDOC AND PYTHON3)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man)
  mailfrom_manual(mailfrom.1 --program $<TARGET_FILE:mailfrom>)
  mailfrom_manual(ses-sim.1 --program $<TARGET_FILE:ses-sim>)
  mailfrom_manual(mailfrom-manifest.5 --schema ${CMAKE_SOURCE_DIR}/docs/manifest.schema.json)
else()
  message(STATUS "No manuals: they need scdoc and python3")
endif()

# Completions, said by the program itself.
set(completions "")
function(mailfrom_completion shell file folder)
  set(out ${CMAKE_BINARY_DIR}/completion/${shell}/${file})
  add_custom_command(OUTPUT ${out}
    COMMAND sh -c "$<TARGET_FILE:mailfrom> completion ${shell} >${out}"
    DEPENDS mailfrom COMMENT "Writing the completion of ${shell}" VERBATIM)
  install(FILES ${out} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
  set(completions ${completions} ${out} PARENT_SCOPE)
endfunction()
foreach(shell IN ITEMS bash zsh fish)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/completion/${shell})
endforeach()
mailfrom_completion(bash mailfrom bash-completion/completions)
mailfrom_completion(zsh _mailfrom zsh/vendor-completions)
mailfrom_completion(fish mailfrom.fish fish/vendor_completions.d)
add_custom_target(manuals_and_completions ALL DEPENDS ${manuals} ${completions})

# Documents, laid out so that their links hold; schemas where editors and programs look for them.
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
  PATTERN man EXCLUDE PATTERN "*.schema.json" EXCLUDE)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mailfrom
  FILES_MATCHING PATTERN "*.schema.json" PATTERN man EXCLUDE PATTERN rules EXCLUDE
  PATTERN states EXCLUDE PATTERN watch EXCLUDE)
install(DIRECTORY manifests/examples DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What looks after a fleet when it has moved, and workers that move one together. systemd finds the units, nothing enables them; the rest is to
# be copied.
install(FILES packaging/systemd/mailfrom-watch.service packaging/systemd/mailfrom-watch.timer
  packaging/systemd/mailfrom-watch-always.service packaging/systemd/mailfrom-watch-mail@.service
  packaging/systemd/mailfrom-work@.service DESTINATION lib/systemd/system)
install(FILES packaging/systemd/mailfrom.sysusers DESTINATION lib/sysusers.d RENAME mailfrom.conf)
install(FILES packaging/systemd/watch.env packaging/systemd/work.env
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/systemd)
install(PROGRAMS packaging/systemd/mailfrom-mail DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/systemd)
install(PROGRAMS packaging/ci/comment.sh packaging/ci/plan.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/mailfrom/ci)
install(DIRECTORY packaging/kubernetes packaging/prometheus packaging/grafana packaging/gitlab
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT license)
