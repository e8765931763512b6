import Glibc

extension MemberProcess {
    /// Puts the data of a cluster that is none of ours where this member's would be.
    public func createForeignData() throws {
        try shell(
            """
            initdb=\(PostgresUnderTest.shellExpression)/initdb
            [ -x "$initdb" ] || { echo 'initdb is missing; run: scripts/packages' >&2; exit 1; }
            cd \(folder)
            \(asServer) "$initdb" --pgdata=pgdata --auth=trust --username=postgres --no-sync
            """)
    }

    /// Every file of the data directory with its size, time and checksum.
    ///
    /// From outside: what works in the directory is ended as a server's leftover.
    public func dataListing() throws -> String {
        try shell(
            """
            find \(dataDirectory) -printf '%p %s %T@ %m\\n' | sort
            find \(dataDirectory) -type f -print0 | sort -z | xargs -0 md5sum
            """)
    }

    /// Data directories that were moved aside for this reason, oldest first.
    public func keptData(_ reason: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("pgdata.\(reason)") { names.append("\(folder)/\(name)") }
        }
        return names.sorted()
    }

    /// Changes a few bytes of a file of the data directory, as a disk may do.
    ///
    /// - Parameter path: within the data directory.
    public func damage(_ path: String, at offset: Int) throws {
        try shell(
            "printf damaged | dd of=\(dataDirectory)/\(path) bs=1 seek=\(offset) conv=notrunc,fsync status=none")
    }

    public func removeData() throws {
        try shell("rm -rf \(dataDirectory)")
    }

    /// Runs pg_ctl on the data directory as somebody does by hand: as the server's user, until it is done.
    public func pgCtl(_ arguments: String) throws {
        try shell(
            """
            cd /
            pg_ctl=\(PostgresUnderTest.shellExpression)/pg_ctl
            \(asServer) "$pg_ctl" --pgdata=\(dataDirectory) --wait --log=\(folder)/by-hand.log \(arguments)
            """)
    }

    /// Puts a script for `sh` in the place of one of PostgreSQL's programs; `$program` in it is the program itself.
    ///
    /// - Returns: the variables to start the member with.
    public func replaceProgram(_ name: String, by script: String) throws -> [String: String] {
        let directory = "\(folder)/bin"
        try shell(
            """
            real=\(PostgresUnderTest.shellExpression)
            mkdir -p \(directory)
            ln -sf "$real"/* \(directory)
            rm -f \(directory)/\(name)
            printf '#!/bin/sh\nprogram=%s\n' "$real/\(name)" > \(directory)/\(name)
            """)
        guard let file = fopen("\(directory)/\(name)", "a") else { throw MemberError("cannot write \(name)") }
        fputs(script + "\n", file)
        fclose(file)
        guard chmod("\(directory)/\(name)", 0o755) == 0 else { throw MemberError("cannot make \(name) executable") }
        return ["MATRIARCH_POSTGRES_BIN": directory]
    }

    /// The data directories that were moved aside.
    public var keptData: [String] {
        get throws {
            try shell("ls -d \(dataDirectory).diverged.* 2>/dev/null || true").split(separator: "\n").map(String.init)
        }
    }

    /// Runs its argument as the user the server runs as.
    private var asServer: String {
        MemberCluster.runAs.map { "setpriv --reuid \($0.user) --regid \($0.group) --clear-groups" } ?? ""
    }

    /// - Returns: standard output.
    @discardableResult
    private func shell(_ script: String) throws -> String {
        let output = "\(folder)/../\(name).shell"
        let process = try ControlPlaneProcess(name: "shell", ["/bin/sh", "-ec", script], logPath: output)
        defer { unlink(output) }
        while process.isRunning { usleep(5000) }
        let text = ProcessTable.text(of: output) ?? ""
        guard process.exitStatus == 0 else { throw MemberError("\(script): \(text)") }
        return text
    }
}
