v=spf1 -all exp=msg8.%{D2}
v=spf1 a mx -all
