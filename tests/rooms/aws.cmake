mailfrom_test(aws_sign USES aws LIBRARIES PkgConfig::libcjson)
mailfrom_test(aws_endpoints USES aws)
mailfrom_test(aws_ses_v1 USES aws)
mailfrom_test(aws_ses_v2 USES aws)
mailfrom_test(aws_request USES aws)
mailfrom_test(aws_credentials USES aws)
mailfrom_test(aws_settings USES aws)
mailfrom_test(aws_roles USES aws)
mailfrom_test(aws_instances USES aws)
mailfrom_test(aws_sso USES aws)
mailfrom_test(aws_process USES aws)

# Requests made by the front door, compared with those of botocore and of the AWS CRT.
add_executable(sign_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/sign_driver.c)
target_link_libraries(sign_driver PRIVATE aws PkgConfig::libcjson)
add_test(NAME sign_oracle COMMAND /usr/bin/python3
  ${CMAKE_CURRENT_SOURCE_DIR}/wire/sign_oracle.py $<TARGET_FILE:sign_driver> 500)
