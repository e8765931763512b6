import Fence
import Units

extension BootInstant {
    static func now() -> BootInstant { BootClock.now() }
}
