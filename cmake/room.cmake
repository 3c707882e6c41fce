# mailfrom_room(NAME SOURCES... [USES rooms...] [LIBRARIES imported targets...])
# An include names its room: "dns/inquiry.h". Which rooms a room may name is tests/guards/includes.py's
# to say, and the linker's. External libraries are seen by the room that uses them, and by no other.
set(ROOM_ROOTS ${CMAKE_SOURCE_DIR}/engine ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/cmd)

function(mailfrom_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  if(ROOM_SOURCES)
    add_library(${name} STATIC ${ROOM_SOURCES})
    target_include_directories(${name} PUBLIC ${ROOM_ROOTS})
    target_link_libraries(${name} PUBLIC ${ROOM_USES} PRIVATE ${ROOM_LIBRARIES})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${ROOM_ROOTS})
    target_link_libraries(${name} INTERFACE ${ROOM_USES})
  endif()
endfunction()
