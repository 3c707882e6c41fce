# External libraries, each of which is touched by one file of one room.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
foreach(library IN ITEMS yaml-0.1 libcurl openssl libcjson libcares sqlite3 expat libpsl libidn2
                         libmicrohttpd ldns libzip zlib)
  string(MAKE_C_IDENTIFIER ${library} name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${library})
endforeach()
# A journal that several machines share is optional: without it, --journal names a file.
option(MAILFROM_POSTGRES "A shared journal in PostgreSQL" ON)
if(MAILFROM_POSTGRES)
  pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
  set(libpq_target PkgConfig::libpq)
  add_compile_definitions(MAILFROM_POSTGRES=1)
else()
  set(libpq_target "")
  add_compile_definitions(MAILFROM_POSTGRES=0)
  message(STATUS "No shared journal, and no tests, which need it: -DMAILFROM_POSTGRES=OFF")
  set(MAILFROM_TESTS OFF)
endif()
if(MAILFROM_TESTS)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()

# The versions tried, as the program knows them: the table of docs/LIBRARIES.md.
file(STRINGS docs/LIBRARIES.md rows REGEX "^\\| [^|]+ \\| `[^|]+` \\|")
set(tried "")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "^\\| ([^|]+) \\| `[^|]+` \\| ([0-9.]+) \\| ([0-9.]+) \\|.*" "    {\"\\1\", \"\\2\", \"\\3\"},\n" row "${row}")
  string(APPEND tried "${row}")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/libraries_tried.c CONTENT
  "#include \"ui/tried.h\"\n\nconst struct tried_row tried_rows[] = {\n@tried@    {0, 0, 0},\n};\n" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS docs/LIBRARIES.md)

include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::expat)
check_symbol_exists(XML_GetCurrentLineNumber64 expat.h HAVE_XML_LINE_NUMBER_64)
unset(CMAKE_REQUIRED_LIBRARIES)
