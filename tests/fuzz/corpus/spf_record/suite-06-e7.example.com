v=spf1 a//129 -all
v=spf1 a mx -all
