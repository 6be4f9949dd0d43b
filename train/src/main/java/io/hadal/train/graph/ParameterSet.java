package io.hadal.train.graph;

import io.hadal.train.graph.Parameter.Kind;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;

/** All tensors of a model by their names, initialised in the order they were declared. */
public final class ParameterSet {
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final RandomGenerator random;

  ParameterSet(RandomGenerator random) {
    this.random = random;
  }

  /** Declares a tensor with normally distributed values. */
  Parameter normal(String name, Kind kind, double deviation, int... shape) {
    Parameter p = add(new Parameter(name, kind, shape));
    for (int i = 0; i < p.size(); i++) {
      p.value()[i] = (float) (random.nextGaussian() * deviation);
    }
    return p;
  }

  /** Declares a tensor with equal values. */
  Parameter constant(String name, Kind kind, float value, int... shape) {
    Parameter p = add(new Parameter(name, kind, shape));
    Arrays.fill(p.value(), value);
    return p;
  }

  /** Freezes the trunk and returns what is left to train. */
  public ParameterSet drafterAlone() {
    ParameterSet drafter = new ParameterSet(random);
    for (Parameter p : all()) {
      if (p.isDrafter()) {
        drafter.share(p);
      } else {
        p.freeze();
      }
    }
    return drafter;
  }

  /** Adds a tensor that another set has as well. */
  void share(Parameter p) {
    add(p);
  }

  private Parameter add(Parameter p) {
    if (parameters.putIfAbsent(p.name(), p) != null) {
      throw new IllegalStateException(p.name() + " is declared twice");
    }
    return p;
  }

  public Collection<Parameter> all() {
    return Collections.unmodifiableCollection(parameters.values());
  }

  /**
   * A tensor by its name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public Parameter get(String name) {
    Parameter p = parameters.get(name);
    if (p == null) {
      throw new IllegalArgumentException("no parameter " + name);
    }
    return p;
  }

  /** Numbers of all tensors. */
  public long count() {
    return parameters.values().stream().mapToLong(Parameter::size).sum();
  }

  /** Forgets all gradients. */
  public void clearGradients() {
    parameters.values().forEach(Parameter::clearGradient);
  }
}
