
v=spf1 a mx -all
