# Warnings are errors for those who work on the program (every preset but `release`) and never for
# those who build it: the next compiler or library warns of something. Hardening is on in every build
# but the fuzzers'.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
                    -Wvla -Wundef -Wwrite-strings -Wformat=2
                    -Wno-missing-field-initializers # they are zero; compilers differ in when they ask for them
                    -Werror=implicit-function-declaration) # no C at all: gcc 14 refuses it as well
option(MAILFROM_WERROR "Warnings are errors" OFF)
if(MAILFROM_WERROR)
  add_compile_options(-Werror)
endif()
add_compile_definitions(_GNU_SOURCE)

# Builds are repeatable: no path of the build machine ends up in a binary.
add_compile_options(-ffile-prefix-map=${CMAKE_BINARY_DIR}=build -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-O2 -g -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    add_compile_options(-fcf-protection=full)
  endif()
  add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie> -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
# An assert is a promise about the program and stays on in release.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-O3" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

set(MAILFROM_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")
if(MAILFROM_SANITIZE)
  add_compile_options(-fsanitize=${MAILFROM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MAILFROM_SANITIZE})
endif()

option(MAILFROM_COVERAGE "Instrument for line and branch coverage" OFF)
if(MAILFROM_COVERAGE)
  add_compile_options(--coverage -O0)
  add_link_options(--coverage)
endif()

option(MAILFROM_FUZZ "Build the libFuzzer targets (clang)" OFF)
if(MAILFROM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
