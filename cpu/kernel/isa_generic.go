package kernel

var available = []*impl{&generic}
