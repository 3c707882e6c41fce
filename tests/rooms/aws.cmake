mailfrom_test(aws_sign USES aws LIBRARIES PkgConfig::libcjson)
