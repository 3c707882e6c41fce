# External libraries, each of which is touched by one file of one room.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
foreach(library IN ITEMS yaml-0.1 libcurl openssl libcjson libcares sqlite3 expat libpsl libidn2
                         libmicrohttpd)
  string(MAKE_C_IDENTIFIER ${library} name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${library})
endforeach()
if(MAILFROM_TESTS)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
endif()

include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::expat)
check_symbol_exists(XML_GetCurrentLineNumber64 expat.h HAVE_XML_LINE_NUMBER_64)
unset(CMAKE_REQUIRED_LIBRARIES)
