public import ServerControl

extension PostgresInstance: LocalServer {}
