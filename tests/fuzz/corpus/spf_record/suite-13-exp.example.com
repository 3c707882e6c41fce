v=spf1 exp=msg.example.com. -all
v=spf1 a mx -all
