# The date of the release, the only one that goes into what is built: two builds of the same source
# are equal to the bit, whenever and wherever they are made. SOURCE_DATE_EPOCH, if it is set, wins
# (https://reproducible-builds.org/specs/source-date-epoch/).
set(MAILFROM_RELEASED 1795651200) # 2026-11-26
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(MAILFROM_RELEASED $ENV{SOURCE_DATE_EPOCH})
endif()
execute_process(COMMAND env LC_ALL=C date -u -R -d @${MAILFROM_RELEASED}
  OUTPUT_VARIABLE MAILFROM_RELEASED_RFC2822 OUTPUT_STRIP_TRAILING_WHITESPACE)
