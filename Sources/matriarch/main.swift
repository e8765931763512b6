import ArgumentParser
import Glibc
import InitProcess

// PID 1 comes first and alone: it must stay small and start at once, whatever the rest of the program needs.
if CommandLine.arguments.dropFirst().first == "init" {
    exit(InitCommand.run(CommandLine.arguments.dropFirst(2)))
}
await Matriarch.run()
