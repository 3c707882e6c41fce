v=spf1
v=spf1 a mx -all
