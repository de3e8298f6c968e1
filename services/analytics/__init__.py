"""The numbers: facts, client metrics, funnels and timings, boards, sales rules, explanations."""
