// CoreDNS with the few plugins that the test bed's Corefile uses. The stock
// executable links some sixty, several of which bring a cloud provider's whole
// client library: leaving them out makes the build several times shorter.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
)

func main() {
	// The order in which a query passes through the plugins, as in the stock
	// executable.
	dnsserver.Directives = []string{
		"bind", "health", "errors", "cache", "loadbalance", "kubernetes", "forward",
	}
	coremain.Run()
}
