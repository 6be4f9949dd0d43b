package io.hadal.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.hadal.kernels.Kernels;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * One thing that this JVM should have been started with.
 *
 * @param effect what its absence costs
 * @param remedy what to do when it is absent
 */
record SetupCheck(String name, boolean ok, String effect, String remedy) {
  private static final String OOB_PROPERTY = "jdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK";

  /** Compiler limits that cut large kernels short at their defaults. */
  private static final List<JitLimit> JIT_LIMITS =
      List.of(
          new JitLimit("MaxTrivialSize", 400),
          new JitLimit("MaxNodeLimit", 160_000),
          new JitLimit("NodeLimitFudgeFactor", 4_000),
          new JitLimit("PerMethodTrapLimit", 500),
          new JitLimit("PerBytecodeTrapLimit", 50));

  private record JitLimit(String flag, long atLeast) {}

  static List<SetupCheck> all() {
    List<SetupCheck> checks = new ArrayList<>();
    checks.add(
        new SetupCheck(
            "JDK " + JavaVersion.MINIMUM + " or newer",
            JavaVersion.refusal(Runtime.version()).isEmpty(),
            "wrong numbers from miscompiled vector code",
            JavaVersion.remedy()));
    checks.add(
        new SetupCheck(
            "Vector API module",
            VectorModule.isReadable(),
            "scalar kernels, many times slower",
            "start with ./hadal, or add --add-modules " + VectorModule.NAME));
    checks.add(
        new SetupCheck(
            "vector bounds checks off",
            "0".equals(System.getProperty(OOB_PROPERTY)),
            "10 to 60 % slower kernels",
            "start with ./hadal, or add -D" + OOB_PROPERTY + "=0"));
    checks.add(
        new SetupCheck(
            "native access",
            Kernels.class.getModule().isNativeAccessEnabled(),
            "kernels in Java only, and no memory advice to the operating system",
            "start with ./hadal, or add --enable-native-access=io.hadal.kernels"));
    HotSpotDiagnosticMXBean vm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    for (JitLimit limit : JIT_LIMITS) {
      checks.add(
          new SetupCheck(
              limit.flag() + " of " + limit.atLeast() + " or more",
              Long.parseLong(vm.getVMOption(limit.flag()).getValue()) >= limit.atLeast(),
              "large kernels may compile badly",
              "start with ./hadal, or add -XX:" + limit.flag() + "=" + limit.atLeast()));
    }
    return checks;
  }
}
