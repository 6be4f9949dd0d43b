package io.hadal.engine;

/** No logit is a finite number: the weights are damaged or not those of this architecture. */
public final class UnusableLogitsException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  UnusableLogitsException() {
    super("the model gave no usable logits; its weights may be damaged");
  }
}
