public import ArgumentParser
public import Logging
public import Observability

/// How a long-running command writes its log.
struct LoggingOptions: ParsableArguments {
    @Option(help: "json or text.")
    var logFormat: LogFormat = .json

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    func bootstrap() {
        StructuredLogHandler.bootstrap(format: logFormat, level: logLevel)
    }
}

extension LogFormat: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
