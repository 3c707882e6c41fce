v=spf1 a:%{H} -all
v=spf1 a mx -all
