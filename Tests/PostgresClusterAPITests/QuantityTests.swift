import PostgresClusterAPI
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("1048576", 1_048_576), ("1Ki", 1024), ("1Mi", 1 << 20), ("10Gi", 10 << 30),
        ("1.5Gi", 3 << 29), ("2k", 2000), ("1M", 1_000_000), ("500m", 1), ("1500m", 2), ("1e3", 1000), ("1E3", 1000),
        ("12E-1", 2), (".5", 1), ("5.", 5), ("-1", -1), ("+7", 7), ("100u", 1), ("1n", 1), ("1Ti", 1 << 40),
    ])
    func `an amount in Kubernetes' notation has the value Kubernetes gives it`(_ text: String, _ value: Int64) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.value == value)
        #expect(quantity.text == text)
    }

    @Test(arguments: [
        "", "Gi", "ten", "1 Gi", "1GiB", "1gi", "--1", "1.2.3", "e3", "1e", "1e99", "²", "9999999999999999999",
        "9223372036854775807Ei", "1,5", "0x10", String(repeating: "1", count: 40),
    ])
    func `anything else is no quantity`(_ text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test func `amounts compare across units`() throws {
        let left = try #require(Quantity("1Gi"))
        #expect(left.isSameAmount(as: try #require(Quantity("1024Mi"))))
        #expect(!left.isSameAmount(as: try #require(Quantity("1G"))))
    }
}
