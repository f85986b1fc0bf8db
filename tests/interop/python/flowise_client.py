"""Asks a flow one question with the official client of Flowise.

Arguments: BASE_URL FLOW, and a JSON object with the fields of its PredictionData. Prints what the client yields, one JSON
value a line.
"""

import json
import sys

from flowise import Flowise, PredictionData

base_url, flow, fields = sys.argv[1:]
for answer in Flowise(base_url=base_url).create_prediction(PredictionData(chatflowId=flow, **json.loads(fields))):
    print(json.dumps(json.loads(answer) if isinstance(answer, str) else answer))
