"""The report to the APO, made of a snapshot: a workbook, a PDF, and a bundle with the evidence of every clip.

1. `content` lays a snapshot out as titles, sentences and tables in one language (`tables` says of what kinds): what
   stands in the workbook and in the PDF is the same, because it is made once.
2. `workbook` writes it as XLSX, `printed` as PDF, `bundle` as a ZIP file with clip pages, records and hashes.

The same snapshot gives the same report.
"""
