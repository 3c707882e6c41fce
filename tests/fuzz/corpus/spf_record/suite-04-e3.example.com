v=spf1 -all/8
v=spf1 a mx -all
