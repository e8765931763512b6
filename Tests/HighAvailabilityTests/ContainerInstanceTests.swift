import HighAvailability
import Testing

@Suite struct ContainerInstanceTests {
    private static let digits = "00000000000000070123456789abcdef"

    @Test(arguments: [(UInt64.min, UInt64.min), (.max, .max), (7, 0x0123_4567_89ab_cdef)])
    func `a name is found in the line it was written as`(_ high: UInt64, _ low: UInt64) {
        let instance = ContainerInstance(high, low)
        #expect(instance.name.utf8.count == 32)
        #expect(ContainerInstance.all(in: instance.line) == [instance])
    }

    @Test(arguments: [
        "matriarch instance \(digits)",
        "killed by nobody knows whom\nmatriarch instance \(digits)\nmore of it",
        "…cut\u{FFFD}\r\nmatriarch instance \(digits)\r\n\n",
    ])
    func `other text around a name does not hide it`(_ message: String) {
        #expect(ContainerInstance.all(in: message).map(\.name) == [Self.digits])
    }

    @Test func `two names in one message are both of its instance`() {
        let (first, second) = (ContainerInstance(1, 2), ContainerInstance(3, 4))
        #expect(ContainerInstance.all(in: first.line + "\n" + second.line) == [first, second])
    }

    @Test(arguments: [
        "", "\n", "OOMKilled", "matriarch instance", "matriarch instance ",
        // Cut at its end, cut at its beginning, not alone on its line.
        "matriarch instance \(digits.dropLast())", "atriarch instance \(digits)", "matriarch instance \(digits)0",
        "matriarch instance \(digits) ", " matriarch instance \(digits)", "x matriarch instance \(digits)",
        // Not as it is written, a container ID, and digits of another script.
        "matriarch instance \(digits.uppercased())", "Matriarch instance \(digits)",
        "matriarch instance \(digits)\(digits)", "matriarch instance \(String(repeating: "٣", count: 32))",
        "matriarch instance \(String(repeating: "g", count: 32))",
    ])
    func `what is not a whole name names nobody`(_ message: String) {
        #expect(ContainerInstance.all(in: message).isEmpty)
    }
}
