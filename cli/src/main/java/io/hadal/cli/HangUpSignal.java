package io.hadal.cli;

import java.lang.reflect.Proxy;

/** SIGHUP, by which services are told to read their configuration again. */
final class HangUpSignal {
  private HangUpSignal() {}

  /** Runs this on every SIGHUP from now on; does nothing on systems without it. */
  static void listen(Runnable action) {
    try {
      // There is no public class for signals, and the compiler warns of this one if it is named.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object listener =
          Proxy.newProxyInstance(
              HangUpSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      action.run();
                      yield null;
                    }
                    case "equals" -> self == arguments[0];
                    case "hashCode" -> System.identityHashCode(self);
                    default -> "SIGHUP";
                  });
      Object hangUp = signal.getConstructor(String.class).newInstance("HUP");
      signal.getMethod("handle", signal, handler).invoke(null, hangUp, listener);
    } catch (ReflectiveOperationException e) {
      // No such signal; the files are looked at anyway.
      return;
    }
  }
}
