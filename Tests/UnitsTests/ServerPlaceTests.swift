import Testing
import Units

@Suite struct ServerPlaceTests {
    @Test(arguments: [
        ("demo.example", "demo.example:5432"), ("10.0.0.7", "10.0.0.7:5432"), ("fd00::7", "[fd00::7]:5432"),
        ("::1", "[::1]:5432"),
    ])
    func `an IPv6 address stands in brackets in front of its port`(host: String, text: String) {
        #expect(ServerPlace(host: host, port: 5432).description == text)
        #expect(ServerPlace.withoutBrackets(ServerPlace.bracketed(host)) == host)
    }

    @Test(arguments: ["[demo]", "[", "", "fd00::7]", "[]"])
    func `only the brackets of an address are taken off`(_ host: String) {
        #expect(ServerPlace.withoutBrackets(host) == host)
    }
}
