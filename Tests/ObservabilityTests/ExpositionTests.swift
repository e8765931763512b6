import Observability
import Testing

@Suite struct ExpositionTests {
    @Test func `a scrape shows help, type and samples sorted by name and label`() {
        let registry = MetricsRegistry()
        let requests = registry.counter("requests_total", help: "Requests.", labels: ["code", "method"])
        requests.increment("500", "GET")
        requests.increment("200", "GET", by: 2)
        registry.gauge("cluster_ready", help: "1 when ready.").set(to: 0.5)
        #expect(
            registry.exposition() == """
                # HELP cluster_ready 1 when ready.
                # TYPE cluster_ready gauge
                cluster_ready 0.5
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{code="200",method="GET"} 2
                requests_total{code="500",method="GET"} 1

                """)
    }

    @Test func `label values and help are escaped as the format says`() {
        let registry = MetricsRegistry()
        registry.gauge("g", help: "a \\ b\nc \"d\"", labels: ["l"]).set("x\"y\\z\nw", to: 1)
        #expect(
            registry.exposition() == "# HELP g a \\\\ b\\nc \"d\"\n# TYPE g gauge\ng{l=\"x\\\"y\\\\z\\nw\"} 1\n")
    }

    @Test func `a histogram cumulates its buckets and ends with infinity, sum and count`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("t", help: "T.", labels: ["c"], buckets: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe("a", value: value) }
        #expect(
            registry.exposition() == """
                # HELP t T.
                # TYPE t histogram
                t_bucket{c="a",le="0.1"} 2
                t_bucket{c="a",le="1"} 3
                t_bucket{c="a",le="+Inf"} 4
                t_sum{c="a"} 7.65
                t_count{c="a"} 4

                """)
        #expect(histogram.count("a") == 4)
    }

    @Test func `a family without labels is there from the start, one with labels when first used`() {
        let registry = MetricsRegistry()
        _ = registry.counter("a_total", help: "A.")
        _ = registry.counter("b_total", help: "B.", labels: ["x"])
        #expect(registry.exposition() == "# HELP a_total A.\n# TYPE a_total counter\na_total 0\n")
    }

    @Test func `the same name gives the same family, another kind does not corrupt it`() {
        let registry = MetricsRegistry()
        registry.counter("n_total", help: "N.").increment()
        registry.counter("n_total", help: "N.").increment()
        registry.gauge("n_total", help: "N.").set(to: 99)
        #expect(registry.exposition().contains("n_total 2\n"))
        #expect(!registry.exposition().contains("99"))
    }

    @Test func `children of a deleted cluster disappear`() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("g", help: "G.", labels: ["namespace", "cluster"])
        gauge.set("a", "x", to: 1)
        gauge.set("a", "y", to: 1)
        gauge.removeAll { $0 == ["a", "x"] }
        #expect(!registry.exposition().contains("\"x\""))
        #expect(registry.exposition().contains("\"y\""))
    }

    @Test func `special values are spelled as Go spells them`() {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("g", help: "G.", labels: ["k"])
        gauge.set("a", to: .infinity)
        gauge.set("b", to: -.infinity)
        gauge.set("c", to: .nan)
        gauge.set("d", to: 1e300)
        let text = registry.exposition()
        #expect(text.contains("g{k=\"a\"} +Inf\n"))
        #expect(text.contains("g{k=\"b\"} -Inf\n"))
        #expect(text.contains("g{k=\"c\"} NaN\n"))
        #expect(text.contains("g{k=\"d\"} 1e+300\n"))
    }

    @Test func `the process tells its memory, start and descriptors`() throws {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry)
        let text = registry.exposition()
        func value(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + " ") })
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        let startMicroseconds = Int64(try value("process_start_time_seconds") * 1_000_000)
        #expect(abs(LogTime.now().microsecondsSinceEpoch - startMicroseconds) < 3_600_000_000)
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_cpu_seconds_total") >= 0)
        #expect(try value("process_max_fds") >= 64)
    }
}
