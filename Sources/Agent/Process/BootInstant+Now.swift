import Fence
import HighAvailability

extension BootInstant {
    static func now() -> BootInstant { BootClock.now() }
}
