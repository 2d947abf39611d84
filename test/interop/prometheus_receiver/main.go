// SPDX-License-Identifier: MIT

// Prometheus' own receiver of OTLP, store and PromQL, which distributions leave out of their builds of it: what it is told at
// /api/v1/otlp/v1/metrics can be asked for at /api/v1/query, as of Prometheus itself.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb"
)

func main() {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	store, err := tsdb.Open(os.Args[1], logger, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		log.Fatal(err)
	}
	settings, err := config.Load("{}", promslog.NewNopLogger())
	if err != nil {
		log.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})
	http.Handle("/api/v1/otlp/v1/metrics", remote.NewOTLPWriteHandler(logger, nil, store,
		func() config.Config { return *settings }, remote.OTLPOptions{}))
	http.HandleFunc("/api/v1/query", func(answer http.ResponseWriter, request *http.Request) {
		query, err := engine.NewInstantQuery(request.Context(), store, nil, request.FormValue("query"), time.Now())
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadRequest)
			return
		}
		defer query.Close()
		result := query.Exec(request.Context())
		if result.Err != nil {
			http.Error(answer, result.Err.Error(), http.StatusBadRequest)
			return
		}
		data := map[string]any{"resultType": result.Value.Type(), "result": result.Value}
		json.NewEncoder(answer).Encode(map[string]any{"status": "success", "data": data})
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening at http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
