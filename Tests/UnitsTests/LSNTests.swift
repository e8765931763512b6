import Testing
import Units

@Suite struct LSNTests {
    @Test(arguments: ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"])
    func `positions are written as PostgreSQL writes them`(text: String) {
        #expect(LSN(text)?.description == text)
    }

    @Test(arguments: ["", "/", "1", "1/2/3", "G/0", "123456789/0", "0/-1", " 0/0"])
    func `anything else is no position`(text: String) {
        #expect(LSN(text) == nil)
    }
}
