v=spf1 a//0 -all
v=spf1 a mx -all
