mailfrom_test(aws/sign USES aws LIBRARIES PkgConfig::libcjson)
mailfrom_test(aws/endpoints USES aws)
mailfrom_test(aws/ses_v1 USES aws)
mailfrom_test(aws/ses_v2 USES aws)
mailfrom_test(aws/request USES aws)
mailfrom_test(aws/organizations USES aws)
mailfrom_test(aws/credentials USES aws)
mailfrom_test(aws/settings USES aws)
mailfrom_test(aws/roles USES aws)
mailfrom_test(aws/instances USES aws)
mailfrom_test(aws/sso USES aws)
mailfrom_test(aws/process USES aws)

# Requests made by the front door, compared with those of botocore and of the AWS CRT.
add_executable(sign_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/sign_driver.c)
target_link_libraries(sign_driver PRIVATE aws PkgConfig::libcjson)
add_test(NAME sign_oracle COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/sign_oracle.py $<TARGET_FILE:sign_driver> 500)
