v=spf1 a/24/64 -all
v=spf1 a mx -all
