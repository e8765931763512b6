import HighAvailability
import Testing

@Suite struct StandbyNamesTests {
    @Test(arguments: [
        ("", SynchronousStandbyNames.none),
        ("  ", .none),
        (#"ANY 1 ("demo-1","demo-2")"#, SynchronousStandbyNames(.any, 1, of: ["demo-1", "demo-2"])),
        (#"any 2 ( "demo-1" , "demo-2" )"#, SynchronousStandbyNames(.any, 2, of: ["demo-1", "demo-2"])),
        (#"FIRST 1 ("demo-1")"#, SynchronousStandbyNames(.first, 1, of: ["demo-1"])),
        (#"2 ("demo-1","demo-2")"#, SynchronousStandbyNames(.first, 2, of: ["demo-1", "demo-2"])),
        ("Alpha, beta", SynchronousStandbyNames(.first, 1, of: ["alpha", "beta"])),
        (#""Alpha""#, SynchronousStandbyNames(.first, 1, of: ["Alpha"])),
        ("any", SynchronousStandbyNames(.first, 1, of: ["any"])),
        (#"1 ("a""b")"#, SynchronousStandbyNames(.first, 1, of: ["a\"b"])),
        (#"1 ("*")"#, SynchronousStandbyNames(.first, 1, of: ["*"])),
    ])
    func `PostgreSQL's forms are read`(text: String, names: SynchronousStandbyNames) {
        #expect(SynchronousStandbyNames(text) == names)
    }

    @Test(arguments: [
        "*", "1 (*)", "ANY 1", "ANY 0 (a)", "0 (a)", "1 ()", "1 (a", "1 (a,)", "a b", #""a"#, "ANY x (a)", "1 (a) b",
        "(a)",
        "-1 (a)",
    ])
    func `what does not say whom it lets confirm is not read`(text: String) {
        #expect(SynchronousStandbyNames(text) == nil)
    }

    @Test(arguments: [
        (SynchronousStandbyNames.none, ""),
        (SynchronousStandbyNames(.any, 1, of: ["demo-1", "demo-2"]), #"ANY 1 ("demo-1","demo-2")"#),
        (SynchronousStandbyNames(.first, 2, of: ["demo-1", "a\"b"]), #"2 ("demo-1","a""b")"#),
        (SynchronousStandbyNames.blocking, #"1 ("__patroni_strict_sync_replica_placeholder__")"#),
    ])
    func `what is written is read back as the same`(names: SynchronousStandbyNames, text: String) {
        #expect(names.description == text)
        #expect(SynchronousStandbyNames(text) == names)
    }

    @Test func `two ways to wait for all of a set mean the same`() {
        let first = SynchronousStandbyNames(.first, 2, of: ["a", "b"])
        #expect(first.meansTheSame(as: SynchronousStandbyNames(.any, 2, of: ["b", "a"])))
        #expect(!first.meansTheSame(as: SynchronousStandbyNames(.first, 1, of: ["a", "b"])))
        #expect(!SynchronousStandbyNames.none.meansTheSame(as: .blocking))
    }
}
