# cmake -DPAGES="a.md;b.md" -DROOM=rules -DTABLE=pages -DOUT=pages.c -P embed_pages.cmake
# Writes the files as a table of C arrays, in the order given, so that the program carries its manual.
# TABLE.h of ROOM declares the table, whose rows are `struct page` (base/page.h).
set(arrays "")
set(rows "")
foreach(page IN LISTS PAGES)
  get_filename_component(name ${page} NAME_WE)
  string(MAKE_C_IDENTIFIER ${name} symbol)
  file(READ ${page} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR length "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const char ${symbol}[] = {${bytes}0x00};\n")
  string(APPEND rows "    {\"${name}\", {${symbol}, ${length}}},\n")
endforeach()
file(WRITE ${OUT} "#include \"${ROOM}/${TABLE}.h\"\n\n${arrays}\nconst struct page ${TABLE}[] = {\n${rows}    {0, {0, 0}},\n};\n")
