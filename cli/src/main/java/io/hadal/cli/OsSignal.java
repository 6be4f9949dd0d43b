package io.hadal.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** Signals of the operating system, by which services are told to read their files or to stop. */
final class OsSignal {
  private OsSignal() {}

  /**
   * Runs this on every signal of a name from now on; does nothing on systems without it.
   *
   * @param name without SIG, such as {@code HUP}
   * @return takes the action back
   */
  static Runnable listen(String name, Runnable action) {
    try {
      // There is no public class for signals, and the compiler warns of this one if it is named.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object listener =
          Proxy.newProxyInstance(
              OsSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      action.run();
                      yield null;
                    }
                    case "equals" -> self == arguments[0];
                    case "hashCode" -> System.identityHashCode(self);
                    default -> "SIG" + name;
                  });
      Object named = signal.getConstructor(String.class).newInstance(name);
      Method handle = signal.getMethod("handle", signal, handler);
      Object before = handle.invoke(null, named, listener);
      return () -> restore(handle, named, before);
    } catch (ReflectiveOperationException e) {
      // No such signal here.
      return () -> {};
    }
  }

  private static void restore(Method handle, Object signal, Object handler) {
    try {
      handle.invoke(null, signal, handler);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}
