package io.hadal.server;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What can be reached in the heap at one moment, and the classes that have most of it. The size of
 * the heap behind a collection is no measure under load: until it is read, megabytes have come.
 */
record LiveHeap(long bytes, Map<String, Long> byClass) {
  /** Of classes with less only the sum is kept: names of all of them would be found by the next. */
  private static final long NAMED_BYTES = 32 << 10;

  private static final Pattern LINE =
      Pattern.compile("^ *\\d+: +\\d+ +(\\d+) +(\\S+)", Pattern.MULTILINE);

  /** The least of some looks: what requests on their way hold comes and goes. */
  static LiveHeap now(int looks) throws InterruptedException {
    LiveHeap least = look();
    for (int i = 1; i < looks; i++) {
      Thread.sleep(100);
      LiveHeap next = look();
      least = next.bytes < least.bytes ? next : least;
    }
    return least;
  }

  private static LiveHeap look() {
    Object text;
    try {
      text =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {new String[0]},
                  new String[] {String[].class.getName()});
    } catch (JMException e) {
      throw new AssertionError(e);
    }
    Map<String, Long> byClass = new HashMap<>();
    long all = 0;
    Matcher line = LINE.matcher(String.valueOf(text));
    while (line.find()) {
      long bytes = Long.parseLong(line.group(1));
      all += bytes;
      if (bytes >= NAMED_BYTES) {
        byClass.merge(Objects.requireNonNull(line.group(2)), bytes, Long::sum);
      }
    }
    return new LiveHeap(all, byClass);
  }

  /** What grew most since then, for messages. */
  String since(LiveHeap before) {
    return byClass.entrySet().stream()
        .map(e -> Map.entry(e.getKey(), e.getValue() - before.byClass.getOrDefault(e.getKey(), 0L)))
        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
        .limit(10)
        .map(e -> e.getKey() + " +" + e.getValue())
        .collect(Collectors.joining(", "));
  }
}
