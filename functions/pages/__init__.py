"""The pages that a person sees at `/`: a thin layer over the API's functions, without scripts."""
