// SPDX-License-Identifier: MIT

// An OpenTelemetry collector that receives OTLP and prints each request's metrics as a line of JSON.
package main

import (
	"context"
	"fmt"
	"log"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
)

var kind = component.MustNewType("lines")

func printer(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Metrics, error) {
	marshaler := &pmetric.JSONMarshaler{}
	return exporterhelper.NewMetrics(ctx, set, config, func(_ context.Context, metrics pmetric.Metrics) error {
		line, err := marshaler.MarshalMetrics(metrics)
		if err == nil {
			fmt.Println(string(line))
		}
		return err
	})
}

func factories() (otelcol.Factories, error) {
	lines := exporter.NewFactory(kind, func() component.Config { return &struct{}{} },
		exporter.WithMetrics(printer, component.StabilityLevelStable))
	otlp := otlpreceiver.NewFactory()
	return otelcol.Factories{
		Receivers: map[component.Type]receiver.Factory{otlp.Type(): otlp},
		Exporters: map[component.Type]exporter.Factory{kind: lines},
	}, nil
}

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			DefaultScheme:     "yaml",
			ProviderFactories: []confmap.ProviderFactory{yamlprovider.NewFactory()},
		}},
	})
	if err := command.Execute(); err != nil {
		log.Fatal(err)
	}
}
