v=spf1 =all
v=spf1 a mx -all
